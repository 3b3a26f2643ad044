import { showControls } from './show-controls.ts';
import type { StoryLine } from './tell-event.ts';

/** Where lines go, and how they look there. */
export type Screen = { readonly write: (text: string) => void; readonly color: boolean };

const tones = { plain: '', good: '\u001b[32m', warn: '\u001b[33m', bad: '\u001b[31m' } as const;
const bold = '\u001b[1m';
const reset = '\u001b[0m';
const LABEL_WIDTH = 10;

/** One line: seconds since the start, label, text. Lines without a label belong to the one above. */
export function printLine(screen: Screen, elapsedMs: number, line: StoryLine): void {
  const { label, tone } = line;
  const text = showControls(line.text);
  const time = label === '' ? ''.padStart(8) : `${(elapsedMs / 1000).toFixed(1)} s`.padStart(8);
  const shown = label.padEnd(LABEL_WIDTH);
  const painted = screen.color ? `${time}  ${bold}${tones[tone]}${shown}${reset}${text}` : `${time}  ${shown}${text}`;
  screen.write(`${painted}\n`);
}

export function printTitle(screen: Screen, text: string): void {
  screen.write(screen.color ? `\n${bold}${text}${reset}\n` : `\n${text}\n`);
}
