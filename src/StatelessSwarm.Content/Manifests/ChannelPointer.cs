using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Content.Manifests;

/// <summary>
/// Where a channel stands: the release that nodes following <c>product/channel</c> should run. Same encoding rules as
/// <see cref="ReleaseManifest"/>.
/// </summary>
public sealed partial record ChannelPointer
{
    /// <summary>Largest pointer accepted: 16 KiB.</summary>
    public const int MaxBytes = 16 * 1024;

    /// <summary>Product, as in <see cref="ReleaseManifest.Product"/>.</summary>
    public required string Product { get; init; }

    /// <summary>Channel, same alphabet as the product: <c>stable</c>.</summary>
    public required string Channel { get; init; }

    /// <summary>Counts up by one with every signing, from 1. A reader refuses a lower one than it has seen.</summary>
    public required long Serial { get; init; }

    /// <summary>When it was signed, seconds since 1970 UTC.</summary>
    public required long IssuedUnixSeconds { get; init; }

    /// <summary>When it stops being believed, seconds since 1970 UTC.</summary>
    public required long ExpiresUnixSeconds { get; init; }

    /// <summary>Digest of the release's manifest.</summary>
    public required Sha256Digest Release { get; init; }

    /// <summary>The release's build number.</summary>
    public required long Build { get; init; }

    /// <summary>The release's version, for people.</summary>
    public required string Version { get; init; }
}
