/**
 * `${NAME}` in a string of the configuration stands for a variable of the process, `${NAME:-default}` for one that may
 * be unset or empty, and `$${` for the characters `${`.
 */

export type Variables = Readonly<Record<string, string | undefined>>;

/** Stand for `{`, `}` and any other ASCII character of a reference: private ones (Unicode §23.5), which YAML leaves alone. */
const opening = '\ue000';
const closing = '\ue001';
const hidden = 0xe100;
const reference = /(\$?)\$\ue000([^\ue001]*)\ue001/g;
const form = /^([A-Za-z_]\w*)(?::-([\s\S]*))?$/;

/**
 * Hides every `${…}` from YAML, to which it would open a map inside `{ key: ${NAME} }`, and a default might be anything.
 * The length stays, and so does every position. The value is put in after parsing, so nothing in it can be taken for
 * YAML.
 */
export function hideReferences(source: string): string {
  return source.replace(/\$\{(\w+:-[^{}\n]*|[^{}\n"',]*)\}/g, (_, inner: string) => {
    const letters = inner.replace(/[ -~]/g, (letter) => String.fromCharCode(hidden + letter.charCodeAt(0)));
    return `$${opening}${letters}${closing}`;
  });
}

/** As it stands in the file. */
export function showReferences(text: string): string {
  return text
    .replaceAll(opening, '{')
    .replaceAll(closing, '}')
    .replace(/[\ue120-\ue17e]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) - hidden));
}

export interface Interpolated {
  readonly text: string;
  /** Names of the variables that were put in: such a value may be a secret and is never repeated in a message. */
  readonly variables: readonly string[];
  /** Names of the variables whose default was put in. */
  readonly defaults: readonly string[];
  /** What is wrong with its references, each with the reference as it stands in the hidden text, or part of it. */
  readonly problems: readonly { readonly reference: string; readonly message: string; readonly unset: boolean }[];
}

/** Puts the variables into a string whose references were hidden. What a variable holds is not looked at again. */
export function interpolate(text: string, given: Variables): Interpolated {
  const variables: string[] = [];
  const defaults: string[] = [];
  const problems: { reference: string; message: string; unset: boolean }[] = [];
  const lookUp = (whole: string, inner: string): string => {
    const [, name, otherwise] = form.exec(showReferences(inner)) ?? [];
    if (name === undefined) {
      problems.push({ reference: whole, message: `${whole} ${malformed}`, unset: false });
      return '';
    }
    const value = given[name];
    if (value !== undefined && (value !== '' || otherwise === undefined)) {
      variables.push(name);
      return value;
    }
    if (otherwise !== undefined) defaults.push(name);
    else problems.push({ reference: whole, message: `variable ${name} is not set`, unset: true });
    return otherwise ?? '';
  };

  if (text.replace(reference, ' ').replaceAll('$${', ' ').includes('${')) {
    return { text: '', variables, defaults, problems: [{ reference: '${', message: unclosedReference, unset: false }] };
  }
  const unescaped = text.replaceAll('$${', '${');
  let result = '';
  let end = 0;
  for (const match of unescaped.matchAll(reference)) {
    const [whole, escaped, inner = ''] = match;
    result += showReferences(unescaped.slice(end, match.index));
    result += escaped === '' ? lookUp(whole, inner) : showReferences(whole.slice(1));
    end = match.index + whole.length;
  }
  return { text: result + showReferences(unescaped.slice(end)), variables, defaults, problems };
}

const malformed = `is not a variable, expected \${NAME} of letters, digits and "_", or \${NAME:-default}`;
/** Said of a reference that does not end, or holds another. */
export const unclosedReference = `"\${" opens a variable, expected "}" on the same line and no braces between; as text it is written "$\${"`;
