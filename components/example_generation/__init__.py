"""From a retailer's files to checked, joined rows: the data contract and our own TFX ExampleGen."""
