/** Hands what the server says about the pinned cell on to the other components; shows nothing. */

import { unpack } from "../../browser/packet.js";
import { tell } from "../../browser/bus.js";

export default function ({ data }) {
  tell("cue", unpack(data));
}
