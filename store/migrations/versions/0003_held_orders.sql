ALTER TABLE order_lines ADD COLUMN held text, ADD COLUMN accepted_by text;
COMMENT ON COLUMN order_lines.held IS 'Why the proposal is out of all proportion to what was sold; empty where it is not.';
COMMENT ON COLUMN order_lines.accepted_by IS 'Who let a proposal that is out of proportion pass when the plan was made.';
COMMENT ON COLUMN order_lines.order_quantity IS 'Units to order: the override where there is one, 0 where the proposal is held and nobody accepted it, else the proposal.';
