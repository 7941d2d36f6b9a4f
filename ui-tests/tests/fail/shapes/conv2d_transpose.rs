use addax::network;

network! {
    pub NoImage: 570 => (7, 7, 64) {
        Conv2DTranspose(64, 5, strides = 2),
    }
}

network! {
    pub NoKernel: (2, 2, 128) => (7, 7, 64) {
        Conv2DTranspose(64, (5, 0), strides = 2),
    }
}

network! {
    pub NoStride: (2, 2, 128) => (7, 7, 64) {
        Conv2DTranspose(64, 5, strides = (2, 0)),
    }
}

network! {
    pub NoFilters: (2, 2, 128) => (7, 7, 64) {
        Conv2DTranspose(0, 5, strides = 2),
    }
}

fn main() {}
