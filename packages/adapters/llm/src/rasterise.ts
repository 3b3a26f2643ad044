import { createRequire } from 'node:module';

export type Rasterise = (svg: string) => Promise<Uint8Array>;

/** The picture cannot be made on this machine. */
export class RasteriserUnavailable extends Error {
  override readonly name = 'RasteriserUnavailable';
}

/**
 * Turns SVG into PNG, the same bytes for the same text: no font of the machine is used, only those that come along. The
 * native module is loaded here, so that a machine it is not made for misses the charts alone. Rasterising runs beside the
 * event loop. Throws RasteriserUnavailable when the module or the fonts are not there.
 */
export async function openRasteriser(): Promise<Rasterise> {
  const { renderAsync, fontFiles } = await loadParts();
  const options = {
    font: { loadSystemFonts: false, fontFiles, defaultFontFamily: 'DejaVu Sans' },
    fitTo: { mode: 'original' as const },
  };
  return async (svg) => new Uint8Array((await renderAsync(svg, options)).asPng());
}

async function loadParts() {
  try {
    const { renderAsync } = await import('@resvg/resvg-js');
    // Found from here, in a workspace as in a bundle that has its own node_modules beside it.
    const resolve = createRequire(import.meta.url).resolve;
    const fonts = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'];
    return { renderAsync, fontFiles: fonts.map((file) => resolve(`dejavu-fonts-ttf/ttf/${file}`)) };
  } catch (cause) {
    throw new RasteriserUnavailable('the chart cannot be drawn: @resvg/resvg-js or dejavu-fonts-ttf is not there', {
      cause,
    });
  }
}
