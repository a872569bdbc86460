/** Sentences of the living figures. */

import { description } from "./renewed.js";
import { signed } from "./units.js";

/** A paragraph, described; what stands between two pairs of asterisks is bold. */
export function said(...sentences) {
  const texts = sentences.filter(Boolean).join(" ").split("**");
  const parts = texts.map((text, i) => (i % 2 ? description("strong", {}, [text]) : text));
  return description("p", {}, parts);
}

/** Parts of a sentence, with a word before the last. */
export function joined(parts, word = "and") {
  if (parts.length < 2) return String(parts[0]);
  return `${parts.slice(0, -1).join(", ")} ${word} ${parts.at(-1)}`;
}

/** Sorted numbers in words: three or more that follow each other as a range. */
export function runs(numbers) {
  const parts = [];
  for (const number of numbers) {
    const run = parts.at(-1);
    if (run && run.at(-1) === number - 1) run.push(number);
    else parts.push([number]);
  }
  return joined(
    parts.flatMap((run) =>
      run.length < 3 ? run.map(signed) : [`${signed(run[0])} to ${signed(run.at(-1))}`],
    ),
  );
}

/** So many of a thing: "1 unit", "3 units". */
export function counted(count, thing) {
  return `${signed(count)} ${thing}${count === 1 ? "" : "s"}`;
}

/** "input unit 3", "input units 3, 4 and 7 to 9". */
export function named(thing, numbers) {
  return `${thing}${numbers.length === 1 ? "" : "s"} ${runs(numbers)}`;
}
