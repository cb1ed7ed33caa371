// One dashboard on a page. Figures, colours, tables and lines come from Grafana's libraries; the bar chart's plugin is in
// none of them, so bars are drawn here from the same displayed values.
import React from 'react';
import { createRoot } from 'react-dom/client';
import {
  FieldType, LoadingState, PanelPlugin, applyFieldOverrides, createDataFrame, createTheme, dataLinksOverrideProcessor,
  dateTime, displayNameOverrideProcessor, getDisplayProcessor, getFieldDisplayName, getFieldDisplayValues,
  identityOverrideProcessor, numberOverrideProcessor, standardEditorsRegistry, standardFieldConfigEditorRegistry,
  stringOverrideProcessor, thresholdsOverrideProcessor, unitOverrideProcessor, valueMappingsOverrideProcessor, EventBusSrv,
} from '@grafana/data';
import { initPluginTranslations } from '@grafana/i18n';
import { BigValue, GlobalStyles, PanelChrome, PanelContextProvider, ThemeContext, TimeSeries, VizLegend } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';

const CELL = 30, GAP = 8, HEAD = 70;
const STANDARD = {
  unit: unitOverrideProcessor, min: numberOverrideProcessor, max: numberOverrideProcessor,
  decimals: numberOverrideProcessor, displayName: displayNameOverrideProcessor, noValue: stringOverrideProcessor,
  color: identityOverrideProcessor, thresholds: thresholdsOverrideProcessor, mappings: valueMappingsOverrideProcessor,
  links: dataLinksOverrideProcessor,
};
const CUSTOM = {
  timeseries: {
    drawStyle: 'line', lineInterpolation: 'linear', lineWidth: 1, fillOpacity: 0, gradientMode: 'none',
    showPoints: 'auto', pointSize: 5, spanNulls: false, barAlignment: 0, barWidthFactor: 0.6, insertNulls: false,
    stacking: { mode: 'none', group: 'A' }, axisPlacement: 'auto', axisLabel: '', axisColorMode: 'text',
    axisBorderShow: false, axisCenteredZero: false, axisSoftMin: undefined, scaleDistribution: { type: 'linear' },
    hideFrom: { legend: false, tooltip: false, viz: false }, thresholdsStyle: { mode: 'off' }, fillBelowTo: undefined,
  },
  barchart: { fillOpacity: 80, axisSoftMin: undefined, axisSoftMax: undefined },
  table: {
    align: 'auto', cellOptions: { type: 'auto' }, inspect: false, filterable: false, wrapText: false, width: undefined, minWidth: 50,
    hideFrom: { viz: false, legend: false, tooltip: false },
  },
  stat: {},
};

standardFieldConfigEditorRegistry.setInit(() =>
  Object.entries(STANDARD).map(([id, process]) => ({
    id, path: id, name: id, description: '', editor: () => null, override: () => null, process,
    shouldApply: () => true, settings: {},
  })),
);
standardEditorsRegistry.setInit(() => []);

function registryOf(defaults) {
  const plugin = new PanelPlugin(() => null);
  plugin.useFieldConfig({
    useCustomConfig: (builder) => {
      for (const [id, defaultValue] of Object.entries(defaults)) {
        builder.addCustomEditor({
          id, path: id, name: id, editor: () => null, override: () => null, process: identityOverrideProcessor,
          shouldApply: () => true, defaultValue,
        });
      }
    },
  });
  return plugin.fieldConfigRegistry;
}
const registries = Object.fromEntries(Object.entries(CUSTOM).map(([kind, defaults]) => [kind, registryOf(defaults)]));

const theme = createTheme({ colors: { mode: 'dark' } });
const board = await (await fetch(`/${new URLSearchParams(location.search).get('board')}.board`)).json();
await initPluginTranslations('grafana');
const [from, to] = [dateTime(board.from), dateTime(board.to)];
const timeRange = { from, to, raw: { from, to } };
const asIs = (text) => text;

// As Grafana does on loading: JSON has no word for the lowest step's value.
function restored(thresholds) {
  return thresholds && {
    ...thresholds, steps: thresholds.steps.map((step) => ({ ...step, value: step.value ?? -Infinity })),
  };
}
const configOf = (panel) => ({
  defaults: {
    color: { mode: ['stat', 'table'].includes(panel.type) ? 'thresholds' : 'palette-classic' },
    ...panel.fieldConfig.defaults,
    thresholds: restored(panel.fieldConfig.defaults.thresholds),
  },
  overrides: panel.fieldConfig.overrides.map((override) => ({
    ...override,
    properties: override.properties.map(({ id, value }) => ({ id, value: id === 'thresholds' ? restored(value) : value })),
  })),
});
function framesOf(panel) {
  const data = panel.frames.map(({ refId, fields }) =>
    createDataFrame({ refId, fields: fields.map((field) => ({ ...field, config: {} })) }),
  );
  const frames = applyFieldOverrides({
    data, fieldConfig: configOf(panel), fieldConfigRegistry: registries[panel.type], theme, replaceVariables: asIs,
    timeZone: 'utc',
  });
  for (const frame of frames) {
    frame.fields.forEach((field, index) => {
      field.state = { ...field.state, seriesIndex: index - 1 };
      field.display = getDisplayProcessor({ field, theme, timeZone: 'utc' });
    });
  }
  return frames;
}

const Empty = ({ panel }) => (
  <div style={{ display: 'flex', height: '100%', alignItems: 'center', justifyContent: 'center',
    color: theme.colors.text.secondary }}>{panel.fieldConfig.defaults.noValue}</div>
);

function Stat({ panel, width, height }) {
  const shown = getFieldDisplayValues({
    fieldConfig: configOf(panel), reduceOptions: { values: false, ...panel.options.reduceOptions },
    replaceVariables: asIs, theme, data: framesOf(panel), timeZone: 'utc',
  });
  const { colorMode, graphMode, justifyMode, textMode } = panel.options;
  return shown.map(({ display }, index) => (
    <BigValue key={index} value={display} width={width / shown.length} height={height} theme={theme}
      {...{ colorMode, graphMode, justifyMode, textMode }} />
  ));
}

function Lines({ panel, width, height }) {
  const frames = framesOf(panel);
  if (!frames[0]?.length) return <Empty panel={panel} />;
  return (
    <TimeSeries frames={frames} structureRev={1} timeRange={timeRange} timeZone="utc" width={width} height={height}
      legend={panel.options.legend} options={{}} />
  );
}

function Table({ panel, width, height }) {
  const [frame] = framesOf(panel);
  if (!frame?.length) return <Empty panel={panel} />;
  return (
    <TableNG data={frame} width={width} height={height} cellHeight={panel.options.cellHeight} noHeader={false}
      timeRange={timeRange} structureRev={1} fieldConfig={configOf(panel)} enableVirtualization={false} />
  );
}

function Bars({ panel, width, height }) {
  const [frame] = framesOf(panel);
  if (!frame?.length) return <Empty panel={panel} />;
  const [names, ...others] = frame.fields;
  const series = others.filter((field) => field.type === FieldType.number);
  const stacked = panel.options.stacking === 'normal';
  const across = panel.options.orientation === 'horizontal';
  const legend = panel.options.legend.showLegend;
  const room = { left: across ? 150 : 40, bottom: across ? 4 : 22, right: 56, top: 14 };
  const long = across ? width - room.left - room.right : height - room.bottom - room.top - (legend ? 30 : 0);
  const wide = across ? height - room.bottom - (legend ? 30 : 0) : width - room.left - room.right;
  const sums = names.values.map((_, row) => series.map((field) => field.values[row] ?? 0));
  const ends = sums.flatMap((values) => (stacked ? [values.reduce((a, b) => a + b, 0)] : values));
  const low = Math.min(0, ...ends), high = Math.max(0, ...ends);
  const place = (value) => ((value - low) / (high - low || 1)) * long;
  const band = wide / names.values.length;
  const each = (0.7 * band) / (stacked ? 1 : series.length);
  const parts = [];
  names.values.forEach((name, row) => {
    let base = 0;
    series.forEach((field, index) => {
      const value = field.values[row];
      if (value === null) return;
      const display = field.display(value);
      const [begin, end] = [place(stacked ? base : 0), place(stacked ? base + value : value)].sort((a, b) => a - b);
      base += value;
      const side = band * (row + 0.15) + (stacked ? 0 : index * each);
      const box = across
        ? { x: room.left + begin, y: side, width: end - begin, height: each }
        : { x: room.left + side, y: room.top + long - end, width: each, height: end - begin };
      parts.push(<rect key={`${row} ${index}`} {...box} fill={display.color} fillOpacity={0.8} />);
      const text = `${display.prefix ?? ''}${display.text}${display.suffix ?? ''}`;
      if (stacked && end - begin < 9 * text.length) return;
      const at = across
        ? { x: stacked ? room.left + (begin + end) / 2 : room.left + end + 4, y: side + each / 2 + 4,
            textAnchor: stacked ? 'middle' : 'start' }
        : { x: room.left + side + each / 2, y: room.top + long - end - 3, textAnchor: 'middle' };
      parts.push(<text key={`t${row} ${index}`} {...at} fontSize={11} fill={theme.colors.text.primary}>{text}</text>);
    });
    const at = across
      ? { x: room.left - 6, y: band * (row + 0.5) + 4, textAnchor: 'end' }
      : { x: room.left + band * (row + 0.5), y: room.top + long + 16, textAnchor: 'middle' };
    parts.push(<text key={`n${row}`} {...at} fontSize={12} fill={theme.colors.text.primary}>{name}</text>);
  });
  const items = series.map((field) => ({
    label: getFieldDisplayName(field, frame), color: field.display(0).color, yAxis: 1,
  }));
  return (
    <div>
      <svg width={width} height={height - (legend ? 30 : 0)}>{parts}</svg>
      {legend && <VizLegend displayMode="list" placement="bottom" items={items} />}
    </div>
  );
}

const KINDS = { stat: Stat, timeseries: Lines, barchart: Bars, table: Table };

class Guard extends React.Component {
  state = {};
  static getDerivedStateFromError(error) { return { error }; }
  render() { return this.state.error ? <pre>{String(this.state.error)}</pre> : this.props.children; }
}

function Panel({ panel }) {
  const unit = (innerWidth - 2 * GAP) / 24;
  const { x, y, w, h } = panel.gridPos;
  const style = {
    position: 'absolute', left: GAP + x * unit, top: HEAD + y * (CELL + GAP), width: w * unit - GAP,
    height: h * (CELL + GAP) - GAP,
  };
  if (panel.type === 'row') return <div style={{ ...style, fontSize: 16, paddingTop: 4 }}>▾ {panel.title}</div>;
  const Kind = KINDS[panel.type];
  return (
    <div style={style} data-panel={panel.title}>
      <PanelChrome title={panel.title} description={panel.description} width={style.width} height={style.height}
        loadingState={LoadingState.Done}>
        {(width, height) => (
          <Guard>{panel.errors.length ? <pre>{panel.errors[0]}</pre> : <Kind {...{ panel, width, height }} />}</Guard>
        )}
      </PanelChrome>
    </div>
  );
}

function Board() {
  React.useEffect(() => {
    // Charts and tables measure themselves before they draw.
    const timer = setTimeout(() => document.body.setAttribute('data-drawn', ''), 1500);
    return () => clearTimeout(timer);
  }, []);
  const rows = Math.max(...board.panels.map(({ gridPos }) => gridPos.y + gridPos.h));
  const short = board.to - board.from < 2 * 86_400_000;
  const day = (time) => new Date(time).toISOString().slice(0, short ? 16 : 10).replace('T', ' ');
  const box = { padding: '3px 8px', border: `1px solid ${theme.colors.border.medium}` };
  return (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles hackNoBackdropBlur={true} isExtensionSidebarOpen={false} />
      <PanelContextProvider value={{ eventBus: new EventBusSrv(), eventsScope: 'board', sync: () => 0, app: 'dashboard' }}>
        <div style={{ position: 'relative', height: HEAD + GAP + rows * (CELL + GAP), fontSize: 14,
          background: theme.colors.background.canvas, color: theme.colors.text.primary,
          fontFamily: theme.typography.fontFamily }}>
          <div style={{ padding: 8, fontSize: 18 }}>
            {board.title}<small style={{ float: 'right' }}>{day(board.from)} to {day(board.to)} UTC</small>
          </div>
          <div style={{ padding: '0 8px' }}>
            {Object.entries(board.shown).map(([label, text]) => (
              <span key={label} style={{ marginRight: 12 }}>
                <span style={{ ...box, background: theme.colors.background.secondary }}>{label}</span>
                <span style={box}>{text}</span>
              </span>
            ))}
          </div>
          {board.panels.map((panel) => <Panel key={panel.id} panel={panel} />)}
        </div>
      </PanelContextProvider>
    </ThemeContext.Provider>
  );
}
createRoot(document.getElementById('root')).render(<Board />);
