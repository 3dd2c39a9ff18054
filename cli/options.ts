/** Parsers for commander: what may be given with commas, and what may be given again. */
export function list(text: string, before: string[] = []): string[] {
  const words = text.split(',').map((word) => word.trim());
  return [...before, ...words.filter((word) => word !== '')];
}

export function more(text: string, before: string[] = []): string[] {
  return [...before, text];
}
