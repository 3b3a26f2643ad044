/**
 * Control characters (also those of C1, and what turns the direction of text or breaks a line) of one line. Reasons, ids
 * and dead letters come from whoever may publish; a terminal would obey an escape sequence among them.
 */
const controls = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;
const controlsButLineBreaks = /(?!\n)[\p{Cc}\p{Bidi_Control}]/gu;

/** One line as a terminal may see it: each control character written out as \u and four digits. */
export function showControls(text: string): string {
  return text.replaceAll(controls, writtenOut);
}

/** The same for a text of several lines. */
export function showControlsOfLines(text: string): string {
  return text.replaceAll(controlsButLineBreaks, writtenOut);
}

function writtenOut(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
