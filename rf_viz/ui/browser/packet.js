/**
 * A packet is one run of bytes: the length of a JSON header, the header, and the arrays it names.
 * Streamlit carries bytes as they are only at the top level of a component's data.
 */

const TYPES = { uint8: Uint8Array, int32: Int32Array, float32: Float32Array };

/** The header, with each entry of its `arrays` replaced by {data: typed array, shape}. */
export function unpack(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const body = 4 + view.getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, body)));
  const arrays = {};
  for (const [name, { dtype, shape, offset, length }] of Object.entries(header.arrays)) {
    // A copy, because typed arrays must begin at a multiple of their element's size.
    const copy = bytes.slice(body + offset, body + offset + length);
    arrays[name] = { data: new TYPES[dtype](copy.buffer), shape };
  }
  return { ...header, arrays };
}

/** The element of a broadcast array at a cell: axes of length 1 hold for every position. */
export function at({ data, shape }, cell) {
  let offset = 0;
  for (let axis = 0; axis < shape.length; axis++) {
    offset = offset * shape[axis] + (shape[axis] === 1 ? 0 : cell[axis]);
  }
  return data[offset];
}
