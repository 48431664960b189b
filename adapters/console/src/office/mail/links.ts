// Plain text with the web addresses in it told apart. Pure.

export interface Piece {
  text: string;
  link: boolean;
}

// What ends a sentence after an address does not belong to it.
const address = /https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]]/g;

export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(address)) {
    if (match.index > at) pieces.push({ text: text.slice(at, match.index), link: false });
    pieces.push({ text: match[0], link: true });
    at = match.index + match[0].length;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), link: false });
  return pieces;
}
