using Microsoft.Extensions.Time.Testing;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Trust.Keys;
using StatelessSwarm.Trust.Roles;
using StatelessSwarm.Trust.Signing;

namespace StatelessSwarm.Trust.Tests;

/// <summary>A publisher in memory: keys of each role, and the envelopes it would publish.</summary>
internal sealed class TestSite
{
    public const long Now = 1_800_000_000;

    public SigningKey RootKey { get; } = TestKeys.Named("site root");

    public SigningKey ReleaseKey { get; } = TestKeys.Named("site release");

    public SigningKey ChannelKey { get; } = TestKeys.Named("site channel");

    public FakeTimeProvider Time { get; } = new(DateTimeOffset.FromUnixTimeSeconds(Now));

    public byte[] Shipped => RootBytes(Root());

    public RootMetadata Root(long version = 1, SigningKey? channelKey = null, long expires = Now + 1_000_000)
    {
        var channel = (channelKey ?? ChannelKey).PublicKey;
        return new RootMetadata
        {
            Version = version,
            IssuedUnixSeconds = Now - 1000,
            ExpiresUnixSeconds = expires,
            Keys = [.. new[] { RootKey.PublicKey, ReleaseKey.PublicKey, channel }.OrderBy(key => key.Id)],
            Roles = new Dictionary<MetadataRole, RoleKeys>
            {
                [MetadataRole.Root] = new(1, [RootKey.PublicKey.Id]),
                [MetadataRole.Release] = new(1, [ReleaseKey.PublicKey.Id]),
                [MetadataRole.Channel] = new(1, [channel.Id]),
            },
        };
    }

    public byte[] RootBytes(RootMetadata root) =>
        SignedEnvelope.Sign(MetadataRole.Root, root.Encode(), [RootKey]).Encode();

    public static ChannelPointer Pointer(long serial = 1, long build = 1, long issued = Now - 10, long expires = Now + 1000) =>
        new()
        {
            Product = "web",
            Channel = "stable",
            Serial = serial,
            IssuedUnixSeconds = issued,
            ExpiresUnixSeconds = expires,
            Release = Sha256Digest.HashData(Manifest(build).Encode()),
            Build = build,
            Version = Manifest(build).Version,
        };

    public byte[] PointerBytes(ChannelPointer pointer, SigningKey? key = null) =>
        SignedEnvelope.Sign(MetadataRole.Channel, pointer.Encode(), [key ?? ChannelKey]).Encode();

    public static ReleaseManifest Manifest(long build = 1) =>
        new()
        {
            Product = "web",
            Version = $"1.{build}",
            Build = build,
            CreatedUnixSeconds = Now - 100,
            Format = ImageFormat.SquashFs,
            Verity = new VerityParameters(Sha256Digest.HashData([1]), new byte[] { 1, 2, 3 }),
            TorrentHash = Sha256Digest.HashData([2]),
            Files = [new ReleaseFile(ReleaseFileRole.Root, "root.squashfs", 4096, Sha256Digest.HashData([3]), Sha256Digest.HashData([4]))],
            ChunkMap = new ReleaseChunkMap(70, Sha256Digest.HashData([5]), Sha256Digest.HashData([6])),
        };

    public byte[] ManifestBytes(ReleaseManifest manifest, SigningKey? key = null) =>
        SignedEnvelope.Sign(MetadataRole.Release, manifest.Encode(), [key ?? ReleaseKey]).Encode();
}
