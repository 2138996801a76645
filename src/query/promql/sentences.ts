// The sentences for functions, aggregations and operators. Each row is a function, because texts are loaded late.
import { t } from '../../i18n';

interface Operand {
  /** What it is called: the sign of a step, or a number. */
  name: string;
  scalar: boolean;
  /** The range that it reads, in words. */
  range?: string;
}

type Sentence = (values: { value: string; range: string; first: string; second: string; third: string }) => string;

/** Of functions whose help in the word list leaves open what they are for. */
const CALLS: Record<string, Sentence> = {
  rate: (v) =>
    t(
      'query.explain.rate',
      'How much {{value}} rises per second, on average over {{range}}. Resets of the counter are allowed for.',
      v
    ),
  irate: (v) =>
    t('query.explain.irate', 'How much {{value}} rises per second, between its last two values in {{range}}.', v),
  increase: (v) =>
    t('query.explain.increase', 'How much {{value}} rose in {{range}}. Resets of the counter are allowed for.', v),
  delta: (v) => t('query.explain.delta', 'How much {{value}} changed in {{range}}.', v),
  idelta: (v) => t('query.explain.idelta', 'How much {{value}} changed between its last two values.', v),
  deriv: (v) =>
    t('query.explain.deriv', 'How much {{value}} changes per second, by a line through its values in {{range}}.', v),
  predict_linear: (v) =>
    t(
      'query.explain.predict-linear',
      'What {{value}} will be in {{second}} seconds, by a line through its values in {{range}}.',
      v
    ),
  resets: (v) => t('query.explain.resets', 'How often the counter {{value}} was reset in {{range}}.', v),
  changes: (v) => t('query.explain.changes', 'How often {{value}} changed in {{range}}.', v),
  avg_over_time: (v) => t('query.explain.avg-over-time', 'The average of {{value}} over {{range}}.', v),
  min_over_time: (v) => t('query.explain.min-over-time', 'The least value of {{value}} in {{range}}.', v),
  max_over_time: (v) => t('query.explain.max-over-time', 'The largest value of {{value}} in {{range}}.', v),
  sum_over_time: (v) => t('query.explain.sum-over-time', 'The sum of all values of {{value}} in {{range}}.', v),
  count_over_time: (v) => t('query.explain.count-over-time', 'How many values {{value}} has in {{range}}.', v),
  last_over_time: (v) => t('query.explain.last-over-time', 'The last value of {{value}} in {{range}}.', v),
  present_over_time: (v) => t('query.explain.present-over-time', '1 where {{value}} has a value in {{range}}.', v),
  absent_over_time: (v) =>
    t('query.explain.absent-over-time', '1 where no series of {{value}} has a value in {{range}}, else nothing.', v),
  quantile_over_time: (v) =>
    t('query.explain.quantile-over-time', 'The {{first}} quantile of the values of {{second}}, over the range.', v),
  stddev_over_time: (v) =>
    t('query.explain.stddev-over-time', 'The standard deviation of the values of {{value}} over {{range}}.', v),
  absent: (v) => t('query.explain.absent', '1 where {{value}} has no series, else nothing.', v),
  abs: (v) => t('query.explain.abs', '{{value}} without its sign.', v),
  ceil: (v) => t('query.explain.ceil', '{{value}}, rounded up.', v),
  floor: (v) => t('query.explain.floor', '{{value}}, rounded down.', v),
  round: (v) =>
    v.second
      ? t('query.explain.round-to', '{{value}}, rounded to a multiple of {{second}}.', v)
      : t('query.explain.round', '{{value}}, rounded.', v),
  clamp: (v) => t('query.explain.clamp', '{{value}}, but never below {{second}} and never above {{third}}.', v),
  clamp_min: (v) => t('query.explain.clamp-min', '{{value}}, but never below {{second}}.', v),
  clamp_max: (v) => t('query.explain.clamp-max', '{{value}}, but never above {{second}}.', v),
  label_replace: (v) =>
    t(
      'query.explain.label-replace',
      '{{value}}, with the label {{second}} made of another label where that matches.',
      v
    ),
  label_join: (v) => t('query.explain.label-join', '{{value}}, with the label {{second}} joined from other labels.', v),
  vector: (v) => t('query.explain.vector', 'One series without labels, with the value {{value}}.', v),
  scalar: (v) => t('query.explain.scalar', 'The value of the only series of {{value}}, as a number.', v),
  time: () => t('query.explain.time', 'The time at each moment, in seconds since 1970.'),
  timestamp: (v) => t('query.explain.timestamp', 'When each value of {{value}} was read, in seconds since 1970.', v),
  sort: (v) => t('query.explain.sort', 'The series of {{value}}, the smallest first (instant queries).', v),
  sort_desc: (v) => t('query.explain.sort-desc', 'The series of {{value}}, the largest first (instant queries).', v),
};

/** Returns what a call of a function does. */
export function callInWords(name: string, args: Operand[], help?: string): string {
  const [first, second, third] = args.map((one) => one.name);
  const ranged = args.find(({ range }) => range);
  const values = {
    value: ranged?.name ?? first ?? '',
    range: ranged?.range ?? '',
    first: first ?? '',
    second: second ?? '',
    third: third ?? '',
  };
  const sentence = CALLS[name];
  if (sentence) {
    return sentence(values);
  }
  return help
    ? t('query.explain.call-help', '{{name}}: {{help}}.', { name, help: help.replace(/\.$/, '') })
    : t('query.explain.call', 'Calls {{name}}.', { name });
}

interface Grouping {
  labels: string[];
  without: boolean;
  /** Whether there is a `by` or `without`. */
  given: boolean;
}

type Values = { value: string; first: string };

const AGGREGATIONS: Record<string, (v: Values) => string> = {
  sum: (v) => t('query.explain.sum', 'The sum of the series of {{value}}.', v),
  avg: (v) => t('query.explain.avg', 'The average of the series of {{value}}.', v),
  min: (v) => t('query.explain.min', 'The least of the series of {{value}}.', v),
  max: (v) => t('query.explain.max', 'The largest of the series of {{value}}.', v),
  count: (v) => t('query.explain.count', 'How many series {{value}} has.', v),
  group: (v) => t('query.explain.group', '1 for the series of {{value}} that there are.', v),
  stddev: (v) => t('query.explain.stddev', 'The standard deviation of the series of {{value}}.', v),
  stdvar: (v) => t('query.explain.stdvar', 'The variance of the series of {{value}}.', v),
  topk: (v) => t('query.explain.topk', 'The {{first}} largest series of {{value}}, at each moment.', v),
  bottomk: (v) => t('query.explain.bottomk', 'The {{first}} smallest series of {{value}}, at each moment.', v),
  quantile: (v) => t('query.explain.quantile', 'The {{first}} quantile of the series of {{value}}.', v),
  count_values: (v) =>
    t(
      'query.explain.count-values',
      'How many series of {{value}} have each value, which becomes the label {{first}}.',
      v
    ),
};

/** Returns what an aggregation does, and over what. */
export function aggregationInWords(name: string, args: Operand[], { labels, without, given }: Grouping): string[] {
  const value = args.at(-1)?.name ?? '';
  const values = { value, first: args.length > 1 ? args[0].name : '' };
  const sentence =
    AGGREGATIONS[name]?.(values) ?? t('query.explain.aggregation', '{{name}} of {{value}}.', { name, value });
  const list = labels.join(', ');
  if (!given || (labels.length === 0 && !without)) {
    return ['topk', 'bottomk'].includes(name) ? [sentence] : [sentence, t('query.explain.into-one', 'All become one.')];
  }
  if (without) {
    return [
      sentence,
      list
        ? t('query.explain.without', 'One for each combination of the labels other than {{list}}.', { list })
        : t('query.explain.without-none', 'One for each combination of all labels.'),
    ];
  }
  return [sentence, t('query.explain.by', 'One for each {{list}}.', { list })];
}

interface Matching {
  bool: boolean;
  on?: string[];
  ignoring?: string[];
  many?: 'left' | 'right';
  copied: string[];
}

type Pair = { left: string; right: string };

const ARITHMETIC: Record<string, (v: Pair) => string> = {
  '+': (v) => t('query.explain.plus', '{{left}} plus {{right}}.', v),
  '-': (v) => t('query.explain.minus', '{{left}} minus {{right}}.', v),
  '*': (v) => t('query.explain.times', '{{left}} times {{right}}.', v),
  '/': (v) => t('query.explain.divided', '{{left}} divided by {{right}}.', v),
  '%': (v) => t('query.explain.modulo', 'What is left of {{left}} divided by {{right}}.', v),
  '^': (v) => t('query.explain.power', '{{left}} to the power of {{right}}.', v),
  atan2: (v) => t('query.explain.atan2', 'The angle of {{left}} and {{right}} (arc tangent).', v),
};

const COMPARISONS: Record<string, (v: Pair) => string> = {
  '==': (v) => t('query.explain.eq', '{{left}} is equal to {{right}}', v),
  '!=': (v) => t('query.explain.ne', '{{left}} is not equal to {{right}}', v),
  '>': (v) => t('query.explain.gt', '{{left}} is above {{right}}', v),
  '<': (v) => t('query.explain.lt', '{{left}} is below {{right}}', v),
  '>=': (v) => t('query.explain.ge', '{{left}} is at least {{right}}', v),
  '<=': (v) => t('query.explain.le', '{{left}} is at most {{right}}', v),
};

const SETS: Record<string, (v: Pair) => string> = {
  and: (v) => t('query.explain.and', 'The series of {{left}} that are paired with one of {{right}}.', v),
  or: (v) =>
    t('query.explain.or', 'The series of {{left}}, and those of {{right}} that are paired with none of them.', v),
  unless: (v) => t('query.explain.unless', 'The series of {{left}} that are paired with none of {{right}}.', v),
};

/** Returns what an operator makes of two values, and which series it pairs. */
export function operationInWords(
  operator: string,
  left: Operand,
  right: Operand,
  matching: Matching
): { text: string; details: string[] } {
  const pair = { left: left.name, right: right.name };
  const details = left.scalar || right.scalar ? [] : pairsInWords(pair, matching);
  const condition = COMPARISONS[operator]?.(pair);
  if (condition !== undefined) {
    const text = matching.bool
      ? t('query.explain.comparison-bool', '1 where {{condition}}, else 0.', { condition })
      : t('query.explain.comparison', 'Keeps the values where {{condition}}.', { condition });
    return { text, details };
  }
  const sentence = SETS[operator] ?? ARITHMETIC[operator];
  return { text: sentence?.(pair) ?? `${pair.left} ${operator} ${pair.right}`, details };
}

function pairsInWords(pair: Pair, { on, ignoring, many, copied }: Matching): string[] {
  const details: string[] = [];
  if (on) {
    details.push(
      on.length > 0
        ? t('query.explain.pairs-on', 'Series are paired by {{labels}}.', { labels: on.join(', ') })
        : t('query.explain.pairs-on-none', 'Series are paired whatever their labels.')
    );
  } else if (ignoring && ignoring.length > 0) {
    details.push(
      t('query.explain.pairs-ignoring', 'Series are paired by all labels other than {{labels}}.', {
        labels: ignoring.join(', '),
      })
    );
  } else {
    details.push(t('query.explain.pairs-all', 'Series are paired by all their labels.'));
  }
  if (many) {
    const [several, one] = many === 'left' ? [pair.left, pair.right] : [pair.right, pair.left];
    details.push(
      t('query.explain.many', 'Several series of {{several}} may be paired with the same of {{one}}.', { several, one })
    );
    if (copied.length > 0) {
      details.push(
        t('query.explain.copied', 'The result gets the labels {{labels}} of {{one}}.', {
          labels: copied.join(', '),
          one,
        })
      );
    }
  }
  return details;
}
