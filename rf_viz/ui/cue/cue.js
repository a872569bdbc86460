/** Hands what the server says about the pinned cell on to the other components; shows nothing. */

import { unpack } from "../linked_view/packet.js";
import { tell } from "./bus.js";

export default function ({ data }) {
  tell("cue", unpack(data));
}
