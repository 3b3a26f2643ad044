import type { EventData, ModelScore, modelConsulted } from '@rangeward/contracts';

export type Views = EventData<typeof modelConsulted>['views'];
type View = Views['without'];

/**
 * How well the view without the opinion and the one with it at weight 1 foresaw the price at the horizon: the logarithm of
 * their densities there, and the squared error of their probability that the price would be above where it was. Both views
 * are taken as Student-t of the same tails, so that one wild outcome cannot decide between them. Null without an opinion.
 */
export function scoreOpinion(views: Views, outcomeLog: number): { without: ModelScore; full: ModelScore } | null {
  const { without, full, spotLog, degreesOfFreedom } = views;
  if (full === null) return null;
  const rose = outcomeLog > spotLog ? 1 : 0;
  const scoreOf = (view: View): ModelScore => {
    const scale = view.sigmaLog * Math.sqrt((degreesOfFreedom - 2) / degreesOfFreedom);
    const log = logDensity((outcomeLog - view.centerLog) / scale, degreesOfFreedom) - Math.log(scale);
    const rise = 1 - distribution((spotLog - view.centerLog) / scale, degreesOfFreedom);
    return { log, brier: (rise - rose) ** 2 };
  };
  return { without: scoreOf(without), full: scoreOf(full) };
}

/** Log density of the standard Student-t. */
function logDensity(t: number, degrees: number): number {
  const constant = logGamma((degrees + 1) / 2) - logGamma(degrees / 2) - Math.log(degrees * Math.PI) / 2;
  return constant - ((degrees + 1) / 2) * Math.log1p((t * t) / degrees);
}

/** Beyond so many scales lies nothing that a score could tell. */
const FAR = 60;

/** Distribution function of the standard Student-t, by Simpson's rule over the density from 0, exact to nine digits. */
function distribution(t: number, degrees: number): number {
  const end = Math.min(Math.abs(t), FAR);
  const steps = 2 * Math.max(8, Math.ceil(end * 16));
  const width = end / steps;
  let sum = 0;
  for (let step = 0; step <= steps; step++) {
    const inside = step % 2 === 1 ? 4 : 2;
    const weight = step === 0 || step === steps ? 1 : inside;
    sum += weight * Math.exp(logDensity(step * width, degrees));
  }
  const half = Math.min(0.5, (sum * width) / 3);
  return t >= 0 ? 0.5 + half : 0.5 - half;
}

/** Lanczos' approximation (g = 7, nine terms): fifteen digits for arguments above a half. */
function logGamma(x: number): number {
  const below = x - 1;
  const sum = LANCZOS.reduce((total, term, index) => total + (index === 0 ? term : term / (below + index)), 0);
  const base = below + 7.5;
  return Math.log(2 * Math.PI) / 2 + (below + 0.5) * Math.log(base) - base + Math.log(sum);
}

const LANCZOS = [
  0.9999999999998099, 676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
];
