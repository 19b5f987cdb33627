using CsCheck;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;
using static StatelessSwarm.Content.Tests.Manifests.ManifestSamples;

namespace StatelessSwarm.Content.Tests.Manifests;

public sealed class ReleaseManifestTests
{
    [Fact]
    public void Encode_Sample_FrozenBytes()
    {
        var bytes = Manifest.Encode();
        Assert.Equal(ManifestHex, Convert.ToHexStringLower(bytes));
        Assert.Equal(ManifestDigest, Sha256Digest.HashData(bytes).ToString());
        var decoded = ReleaseManifest.Decode(bytes);
        Assert.Equal(bytes, decoded.Encode());
        Assert.Equal("root.squashfs", decoded.Root.Name);
        Assert.Equal("web-1.0", decoded.TorrentName);
        Assert.Equal((5L << 30) + 70_200, decoded.TotalBytes);
        Assert.Equal([1, 2, 3, 4], decoded.Verity.Salt.ToArray());
    }

    [Fact]
    public void Decode_AnyBitFlipped_RefusedOrAnotherDigest()
    {
        var bytes = Manifest.Encode();
        var digest = Sha256Digest.HashData(bytes);
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << bit % 8);
            try
            {
                // What is still a manifest encodes to exactly the changed bytes: no bit is without meaning.
                var changed = ReleaseManifest.Decode(bytes).Encode();
                Assert.Equal(bytes, changed);
                Assert.NotEqual(digest, Sha256Digest.HashData(changed));
            }
            catch (ContentException) { }
            bytes[bit / 8] ^= (byte)(1 << bit % 8);
        }
    }

    [Fact]
    public void Decode_TruncatedOrLonger_Refused()
    {
        var bytes = Manifest.Encode();
        for (var length = 0; length < bytes.Length; length++)
            Assert.Throws<ContentException>(() => ReleaseManifest.Decode(bytes.AsMemory(0, length)));
        Assert.Throws<ContentException>(() => ReleaseManifest.Decode((byte[])[.. bytes, 0]));
        Assert.Throws<ContentException>(() => ReleaseManifest.Decode(new byte[ReleaseManifest.MaxBytes + 1]));
        Assert.Throws<ContentException>(() => ReleaseManifest.Decode(Pointer.Encode()));
    }

    [Fact]
    public void Decode_MutatedBytes_OnlyContentException() =>
        Gen.Select(Gen.Int[0, ManifestHex.Length / 2 - 1], Gen.Byte, Gen.Int[0, ManifestHex.Length / 2 - 1], Gen.Byte).Sample((at, value, at2, value2) =>
        {
            var bytes = Convert.FromHexString(ManifestHex);
            bytes[at] = value;
            bytes[at2] = value2;
            try
            {
                Assert.Equal(bytes, ReleaseManifest.Decode(bytes).Encode());
            }
            catch (ContentException) { }
        }, iter: 20_000);

    public static TheoryData<string, ReleaseManifest> Bad => new()
    {
        { "product", Manifest with { Product = "" } },
        { "product", Manifest with { Product = "Web" } },
        { "product", Manifest with { Product = ".." } },
        { "product", Manifest with { Product = "-x" } },
        { "product", Manifest with { Product = "a/b" } },
        { "product", Manifest with { Product = new string('a', 65) } },
        { "version", Manifest with { Version = "" } },
        { "version", Manifest with { Version = "1 0" } },
        { "version", Manifest with { Version = "1/0" } },
        { "build", Manifest with { Build = 0 } },
        { "created", Manifest with { CreatedUnixSeconds = -1 } },
        { "format", Manifest with { Format = (ImageFormat)3 } },
        { "verity salt", Manifest with { Verity = Manifest.Verity with { Salt = new byte[257] } } },
        { "verity root", Manifest with { Verity = Manifest.Verity with { RootHash = default } } },
        { "torrent hash", Manifest with { TorrentHash = default } },
        { "files", Manifest with { Files = [] } },
        { "files", Manifest with { Files = [Manifest.Files[0]] } },
        { "files", Manifest with { Files = [Manifest.Files[1], Manifest.Files[0]] } },
        { "file role", Manifest with { Files = [Manifest.Files[0], Manifest.Files[1] with { Role = ReleaseFileRole.Initrd }] } },
        { "file role", Manifest with { Files = [Manifest.Files[1] with { Role = (ReleaseFileRole)9 }] } },
        { "file name", Manifest with { Files = [Manifest.Files[1] with { Name = "../root" }] } },
        { "file name", Manifest with { Files = [Manifest.Files[1] with { Name = "a/b" }] } },
        { "file name", Manifest with { Files = [Manifest.Files[1] with { Name = ".hidden" }] } },
        { "file name", Manifest with { Files = [Manifest.Files[1] with { Name = "" }] } },
        { "file length", Manifest with { Files = [Manifest.Files[1] with { Length = 0 }] } },
        { "file length", Manifest with { Files = [Manifest.Files[1] with { Length = long.MaxValue }] } },
        { "file digest", Manifest with { Files = [Manifest.Files[1] with { Sha256 = default }] } },
    };

    [Theory]
    [MemberData(nameof(Bad), DisableDiscoveryEnumeration = true)]
    public void Encode_FieldOutsideItsRange_NamesIt(string field, ReleaseManifest manifest)
    {
        var fault = Assert.Throws<ContentException>(() => manifest.Encode());
        Assert.StartsWith($"manifest: {field}: expected ", fault.Message, StringComparison.Ordinal);
    }
}
