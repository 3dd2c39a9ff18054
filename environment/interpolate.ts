/** `${NAME}` in a string of the configuration stands for a variable of the process. */

export type Variables = Readonly<Record<string, string | undefined>>;

const opening = '\ue000';
const closing = '\ue001';
const reference = /\$\ue000([^\ue001]*)\ue001/g;
const name = /^[A-Za-z_]\w*$/;

/**
 * Hides the braces of every `${…}` from YAML, to which they would open a map inside `{ key: ${NAME} }`. The length
 * stays, and so does every position. The value is put in after parsing, so nothing in it can be taken for YAML.
 */
export function hideReferences(source: string): string {
  return source.replace(/\$\{([^{}\n]*)\}/g, `$$${opening}$1${closing}`);
}

/** As it stands in the file. */
export function showReferences(text: string): string {
  return text.replaceAll(opening, '{').replaceAll(closing, '}');
}

export interface Interpolated {
  readonly text: string;
  /** Whether anything was put in: such a value may be a secret and is never repeated in a message. */
  readonly changed: boolean;
  /** What is wrong with its references, each with the reference as it stands in the file. */
  readonly problems: readonly { readonly reference: string; readonly message: string }[];
}

/** Puts the variables into a string whose references were hidden. What a variable holds is not looked at again. */
export function interpolate(text: string, variables: Variables): Interpolated {
  const problems: { reference: string; message: string }[] = [];
  const result = text.replace(reference, (hidden, variable: string) => {
    const value = name.test(variable) ? variables[variable] : undefined;
    if (value !== undefined) return value;
    const message = name.test(variable)
      ? `variable ${variable} is not set`
      : `\${${variable}} is not a variable, expected \${NAME} of letters, digits and "_"`;
    problems.push({ reference: hidden, message });
    return '';
  });
  return { text: result, changed: result !== text, problems };
}
