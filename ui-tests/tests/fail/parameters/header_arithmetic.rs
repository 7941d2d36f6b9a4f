use addax::network;

network! {
    pub Upscaled<const SIDE: usize, Channels>: (SIDE, SIDE, Channels) => (2 * SIDE, Self::WIDTH, Channels) {
        Reshape((2 * SIDE, SIDE / 2, Channels)),
    }
}

fn main() {}
