/** The unit diagram of a network that Python traced. */

import { mount } from "../../browser/mount.js";
import { UnitDrawing } from "./drawing.js";

export default mount(UnitDrawing, (drawing, { data, setStateValue }) => {
  drawing.report = (pinned) => setStateValue("pinned", pinned);
  drawing.show(data);
});
