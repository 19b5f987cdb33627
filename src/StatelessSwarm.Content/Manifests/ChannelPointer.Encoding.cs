using StatelessSwarm.Content.Packing;

namespace StatelessSwarm.Content.Manifests;

// Packed form (PackReader's strict MessagePack), keys frozen:
//   0 kind "stateless-channel/1"   1 product   2 channel   3 serial   4 issued   5 expires   6 release   7 build   8 version
public sealed partial record ChannelPointer
{
    /// <summary>First field of an encoded pointer.</summary>
    public const string Kind = "stateless-channel/1";

    private const string Input = "channel";

    /// <summary>The bytes that are signed.</summary>
    /// <exception cref="ContentException">A field is outside its range.</exception>
    public byte[] Encode()
    {
        Check();
        var writer = new PackWriter();
        writer.WriteMap(9);
        writer.WriteKey(0);
        writer.WriteText(Kind);
        writer.WriteKey(1);
        writer.WriteText(Product);
        writer.WriteKey(2);
        writer.WriteText(Channel);
        writer.WriteKey(3);
        writer.WriteInteger(Serial);
        writer.WriteKey(4);
        writer.WriteInteger(IssuedUnixSeconds);
        writer.WriteKey(5);
        writer.WriteInteger(ExpiresUnixSeconds);
        writer.WriteKey(6);
        writer.WriteDigest(Release);
        writer.WriteKey(7);
        writer.WriteInteger(Build);
        writer.WriteKey(8);
        writer.WriteText(Version);
        return writer.ToArray();
    }

    /// <summary>Reads a pointer; strict.</summary>
    /// <exception cref="ContentException">Names the field and what was expected.</exception>
    public static ChannelPointer Decode(ReadOnlyMemory<byte> bytes)
    {
        var reader = new PackReader(bytes, Input, MaxBytes);
        reader.BeginMap("top");
        reader.ReadKey(0, "kind");
        if (reader.ReadText("kind", 64) != Kind)
            throw reader.Bad("kind", $"'{Kind}'");
        reader.ReadKey(1, "product");
        var product = reader.ReadText("product", ManifestText.MaxNameLength);
        reader.ReadKey(2, "channel");
        var channel = reader.ReadText("channel", ManifestText.MaxNameLength);
        reader.ReadKey(3, "serial");
        var serial = reader.ReadInteger("serial", 1, long.MaxValue);
        reader.ReadKey(4, "issued");
        var issued = reader.ReadInteger("issued", 0, ReleaseManifest.MaxUnixSeconds);
        reader.ReadKey(5, "expires");
        var expires = reader.ReadInteger("expires", 0, ReleaseManifest.MaxUnixSeconds);
        reader.ReadKey(6, "release");
        var release = reader.ReadDigest("release");
        reader.ReadKey(7, "build");
        var build = reader.ReadInteger("build", 1, long.MaxValue);
        reader.ReadKey(8, "version");
        var version = reader.ReadText("version", ManifestText.MaxNameLength);
        reader.EndMap("top");
        reader.Finish();
        var pointer = new ChannelPointer
        {
            Product = product,
            Channel = channel,
            Serial = serial,
            IssuedUnixSeconds = issued,
            ExpiresUnixSeconds = expires,
            Release = release,
            Build = build,
            Version = version,
        };
        pointer.Check();
        return pointer;
    }

    private void Check()
    {
        Require(ManifestText.IsName(Product), "product", "1-64 of a-z 0-9 . _ -, a letter or digit first");
        Require(ManifestText.IsName(Channel), "channel", "1-64 of a-z 0-9 . _ -, a letter or digit first");
        Require(Serial >= 1, "serial", "at least 1");
        Require(IssuedUnixSeconds >= 0, "issued", "seconds since 1970");
        Require(
            ExpiresUnixSeconds > IssuedUnixSeconds && ExpiresUnixSeconds <= ReleaseManifest.MaxUnixSeconds,
            "expires",
            "later than issued, before the year 10000"
        );
        Require(!Release.IsZero, "release", "a digest, not zeros");
        Require(Build >= 1, "build", "at least 1");
        Require(ManifestText.IsVersion(Version), "version", "1-64 of A-Z a-z 0-9 . + ~ _ -");
    }

    private static void Require(bool holds, string field, string expected)
    {
        if (!holds)
            throw new ContentException($"{Input}: {field}: expected {expected}");
    }
}
