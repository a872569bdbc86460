/**
 * Hands what the server says about the pinned cell on to the other components; shows nothing. When a
 * question was asked, it brings the answer into sight.
 */

import { unpack } from "../../browser/packet.js";
import { tell } from "../../browser/bus.js";

const PATIENCE = 60; // looks for the answer, 50 ms apart

let questions = null;

export default function ({ data }) {
  const cue = unpack(data);
  tell("cue", cue);
  if (questions !== null && cue.questions > questions) reveal(PATIENCE);
  questions = cue.questions;
}

function reveal(looks) {
  const answer = document.querySelector(".st-key-answer");
  if (answer?.offsetHeight > 40) answer.scrollIntoView({ behavior: "smooth", block: "nearest" });
  else if (looks) setTimeout(() => reveal(looks - 1), 50);
}
