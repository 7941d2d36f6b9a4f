use addax::network;

network! {
    pub TooLarge: (7, 7, 16) => (15, 15, 8) {
        Conv2DTranspose(8, 3, strides = 2, output_padding = 2),
    }
}

network! {
    pub TooSmall: (7, 7, 16) => (13, 13, 8) {
        Conv2DTranspose(8, 4, strides = 2, padding = same, output_padding = (0, 1)),
    }
}

network! {
    pub TwiceTheSize: (7, 7, 16) => (15, 15, 8) {
        Conv2DTranspose(8, 3, strides = 2, padding = same),
    }
}

fn main() {}
