"""What ``--help`` says."""

from __future__ import annotations

USAGE = """\
%(prog)s [MODEL [IMAGE]] [--models DIR] [--surveys DIR] [--host HOST] [--port PORT]
              [--no-browser]
       %(prog)s layers|region|verify|survey MODEL ..."""

ABOUT = """\
See exactly which input pixels drive any cell of any layer of a neural network.

Without a command the app opens in the browser, on MODEL and IMAGE if they are there. The commands
answer in the terminal. A file that is called as a command is written with its folder: ./layers

commands:
  layers    list every layer with its closed-form receptive field
  region    say which input pixels one or more cells of a layer depend on
  verify    check the theory against the running model
  survey    what the channels of layers respond to, over a whole set of images

A cell is one position of a layer's output, written y,x (1-D: x; 3-D: z,y,x) and counted from 0.
Its region is the smallest box that holds every input pixel it depends on, from start up to but
not including stop."""

EXAMPLES = """\
examples:
  %(prog)s net.onnx cat.jpg                opens the app
  %(prog)s --models nets --host 0.0.0.0    for a class: these networks, from any machine
  %(prog)s layers net.onnx                 what the layers are called and see
  %(prog)s region net.onnx --layer conv5 --cell 3,4
  %(prog)s verify net.onnx                 does the running model agree?
  %(prog)s survey net.onnx photos --layers conv5 --out found

"%(prog)s COMMAND --help" tells the options of a command.
Exit code: 0 done, 1 verify found a disagreement, 2 an error (told in one line on stderr), 130
interrupted by Ctrl-C."""

LAYERS_ABOUT = """\
List every layer with its closed-form receptive field.

Cell u begins at u * stride - padding and is size pixels long, padding counted as if it were
image; one number for each spatial axis of the input, in its order. Where the paths from the input
disagree there is no such form, and the note says why; "region" knows the exact answer there too."""

LAYERS_EXAMPLES = """\
examples:
  %(prog)s net.onnx
  %(prog)s net.onnx --input-size unknown   what holds for every size
  %(prog)s net.onnx --cut-global           leave out squeeze-and-excite gates etc.
  %(prog)s net.onnx --input pool2          in cells of the layer pool2
  %(prog)s net.onnx --stop mixed_5b/branch_3   without the paths through a branch
  %(prog)s net.onnx --format csv > layers.csv"""

REGION_ABOUT = """\
Say which input pixels one or more cells of a layer depend on.

Regions lie inside the image: padding is not input. A cell that sees only padding has an empty
region (start equals stop). "layers" lists the layers' names."""

REGION_EXAMPLES = """\
examples:
  %(prog)s net.onnx --layer conv5 --cell 3,4 --cell 5,6
  %(prog)s net.onnx --layer conv5 --cell 3,4 --channel 7 --pixels
  %(prog)s net.onnx --layer tokens --index "0,17,:" --format json
  %(prog)s net.onnx --layer conv5 --index "...,2:6,2:6"   the union of 16 cells"""

VERIFY_ABOUT = """\
Check the theory against the running model.

Pixels outside a cell's region are changed, and the cell must not move; each side of the region is
changed, and the cell must move. Prints what was checked and what disagreed."""

VERIFY_EXAMPLES = """\
examples:
  %(prog)s net.onnx
  %(prog)s net.onnx --layer conv1 conv5 --cells 20"""

SURVEY_ABOUT = """\
Look what the channels of some layers respond to, over a whole set of images.

For every channel DIR gets its strongest cells, at most one of each image, with their exact regions
and crops; and how the values of all its cells lie. The tables there are Parquet files. Images that
cannot be used are left out, and DIR says why.

With --fields it also tells the effective receptive field of each layer: where in what the middle
cell sees the influence on it lies, on average over some of the images.

After Ctrl-C the same command goes on where it stopped; where nothing is left to do, it only writes
what --gallery asks for. The result is the same to the last bit for
any number of processes."""

SURVEY_EXAMPLES = """\
examples:
  %(prog)s net.onnx photos --layers conv5 --gallery --out found
  %(prog)s net.onnx train-*.parquet --layers conv3 conv5 --top 16 --out found
  %(prog)s net.keras photos --layers "block*" --fields 20 --gallery --out found
  %(prog)s net.onnx "photos/**/*.jpg" --layers "fire*" --preprocessing 0..1 --out found
  %(prog)s net.onnx photos.zip --layers all --scheduler tcp://head:8786 --out found"""
