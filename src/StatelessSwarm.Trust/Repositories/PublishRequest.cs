namespace StatelessSwarm.Trust.Repositories;

/// <summary>What to publish. File paths are on the publisher's disk.</summary>
public sealed record PublishRequest
{
    /// <summary>Product.</summary>
    public required string Product { get; init; }

    /// <summary>Version.</summary>
    public required string Version { get; init; }

    /// <summary>Build number, or null for one more than the product's highest.</summary>
    public long? Build { get; init; }

    /// <summary>The image; its format is read from its superblock.</summary>
    public required string RootPath { get; init; }

    /// <summary>Kernel, or null.</summary>
    public string? KernelPath { get; init; }

    /// <summary>Initrd, or null.</summary>
    public string? InitrdPath { get; init; }

    /// <summary>Channels to point at the release; may be empty.</summary>
    public required IReadOnlyList<string> Channels { get; init; }

    /// <summary>How long the channel pointers are believed; default 90 days.</summary>
    public TimeSpan ChannelLifetime { get; init; } = TimeSpan.FromDays(90);

    /// <summary>Tracker URLs written into the torrent (our nodes use the seed's without).</summary>
    public IReadOnlyList<string> Trackers { get; init; } = [];

    /// <summary>Web seed base URLs written into the torrent, for foreign clients.</summary>
    public IReadOnlyList<string> WebSeeds { get; init; } = [];
}
