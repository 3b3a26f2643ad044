/** A message of ours is some kilobytes; a server that sends more is not answering us. */
const MOST_BYTES = 1024 * 1024;

/** The response, whose body breaks off with an error once it is longer than any answer can be. */
export function limitBody(response: Response): Response {
  if (response.body === null) return response;
  let bytes = 0;
  const limited = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.byteLength;
        if (bytes > MOST_BYTES) controller.error(new SyntaxError('the answer is longer than any answer'));
        else controller.enqueue(chunk);
      },
    }),
  );
  const { status, statusText, headers } = response;
  return new Response(limited, { status, statusText, headers });
}
