// Puts the page together. report-page.ts joins these files into one script.
import { calibration, search } from './calibration.js';
import { decisions } from './decisions.js';
import { data } from './elements.js';
import { attributionChart, comparison, header, tiles } from './overview.js';
import { eachValue, lines, priceChart, redraw, strategySeries, timeChart, times } from './time-charts.js';

const [againstHodl, fees] = [lines((point) => point.valueUsdE6 - point.hodlUsdE6), lines((point) => point.feesUsdE6)];
document.getElementById('report').append(
  header(),
  tiles(),
  comparison(),
  priceChart(),
  timeChart(
    'Value against HODL',
    'USD; what providing brought more than holding the same amounts, gas taken off.',
    () => ({ series: strategySeries(), columns: [times, ...againstHodl], describe: eachValue(againstHodl) }),
  ),
  timeChart('Fees', 'USD, collected and not, at the price of the moment.', () => ({
    series: strategySeries(),
    columns: [times, ...fees],
    describe: eachValue(fees),
  })),
  attributionChart(),
  ...(data.views === null ? [] : [calibration()]),
  ...(data.grid === null ? [] : [search()]),
  decisions(),
);
redraw();
addEventListener('resize', redraw);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
