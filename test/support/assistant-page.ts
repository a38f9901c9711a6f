/** What a page of the surface `assistant` has when an answer has ended. */
export interface ShownAnswer {
  content: string;
  messageId: string | undefined;
  isError: boolean;
}

/**
 * Reads an answer as the pages of that surface do: piece by piece as the network gives them, each looked at by itself.
 * An error takes the place of everything; the id is cut out of its piece; a piece of white space alone is passed over.
 */
export async function readAsPage(body: ReadableStream<Uint8Array>): Promise<ShownAnswer> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const shown: ShownAnswer = { content: '', messageId: undefined, isError: false };
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return shown;
    const piece = decoder.decode(value, { stream: true });
    if (piece.startsWith('[ERROR]')) return { ...shown, content: piece, isError: true };
    const visible = piece.includes('[MESSAGE_ID:') ? withoutId(piece, shown) : piece;
    if (visible.trim() !== '') shown.content += visible;
  }
}

function withoutId(piece: string, shown: ShownAnswer): string {
  shown.messageId = /\[MESSAGE_ID:([^\]]+)\]/.exec(piece)?.[1] ?? shown.messageId;
  return piece.replaceAll(/\[MESSAGE_ID:[^\]]+\]/g, '');
}
