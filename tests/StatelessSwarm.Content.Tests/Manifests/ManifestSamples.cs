using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Content.Tests.Manifests;

internal static class ManifestSamples
{
    public static readonly ReleaseManifest Manifest = new()
    {
        Product = "web",
        Version = "1.0",
        Build = 1,
        CreatedUnixSeconds = 1_700_000_000,
        Format = ImageFormat.SquashFs,
        Verity = new VerityParameters(Digest(0x11), new byte[] { 1, 2, 3, 4 }),
        TorrentHash = Digest(0x22),
        Files =
        [
            new ReleaseFile(ReleaseFileRole.Initrd, "initrd.img", 70_000, Digest(0x31), Digest(0x32)),
            new ReleaseFile(ReleaseFileRole.Root, "root.squashfs", 5L << 30, Digest(0x41), Digest(0x42)),
            new ReleaseFile(ReleaseFileRole.Kernel, "vmlinuz", 200, Digest(0x51), Digest(0x52)),
        ],
        ChunkMap = new ReleaseChunkMap(325_000, Digest(0x71), Digest(0x72)),
    };

    public static readonly ChannelPointer Pointer = new()
    {
        Product = "web",
        Channel = "stable",
        Serial = 300,
        IssuedUnixSeconds = 1_700_000_000,
        ExpiresUnixSeconds = 1_700_604_800,
        Release = Digest(0x61),
        Build = 1,
        Version = "1.0",
    };

    // Packed by an independent encoder, byte for byte after the tables in the Encoding files. Frozen.
    public const string ManifestHex =
        "8a00b373746174656c6573732d72656c656173652f3101a377656202a3312e30030104ce6553f10005010682"
        + "01c420111111111111111111111111111111111111111111111111111111111111111102c4040102030407c420"
        + "22222222222222222222222222222222222222222222222222222222222222220893"
        + "85010302aa696e697472642e696d6703ce0001117004c420313131313131313131313131313131313131313131"
        + "313131313131313131313105c4203232323232323232323232323232323232323232323232323232323232323232"
        + "85010102ad726f6f742e737175617368667303cf000000014000000004c420414141414141414141414141414141"
        + "414141414141414141414141414141414105c4204242424242424242424242424242424242424242424242424242"
        + "42424242424285010202a7766d6c696e757a03ccc804c42051515151515151515151515151515151515151515151"
        + "5151515151515151515105c4205252525252525252525252525252525252525252525252525252525252525252"
        + "098301ce0004f58802c42071717171717171717171717171717171717171717171717171717171717171710"
        + "3c4207272727272727272727272727272727272727272727272727272727272727272";

    public const string ManifestDigest = "4e1f3881f0466a04b451d0c1575105944f97362e03e384095f010af6e1fb9b7a";

    public const string PointerHex =
        "8900b373746174656c6573732d6368616e6e656c2f3101a377656202a6737461626c6503cd012c04ce6553f100"
        + "05ce655d2b8006c4206161616161616161616161616161616161616161616161616161616161616161070108a3312e30";

    public static Sha256Digest Digest(byte value) => new(Enumerable.Repeat(value, 32).ToArray());
}
