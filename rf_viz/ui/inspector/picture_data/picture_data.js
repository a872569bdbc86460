/** Hands the picture that is fed on to the views of it; shows nothing. */

import { unpack } from "../../browser/packet.js";
import { tell } from "../../browser/bus.js";

export default function ({ data }) {
  tell("picture", unpack(data));
}
