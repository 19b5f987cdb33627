using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Content.Torrents;

/// <summary>A .torrent file (BEP 3, 12, 19, 52): info dictionary, piece layers, trackers and web seeds. Immutable.</summary>
public sealed partial class Metainfo
{
    /// <summary>Largest .torrent accepted: 64 MiB (a 100 GB image in 256 KiB pieces needs 20 MB).</summary>
    public const int MaxBytes = 64 * 1024 * 1024;

    /// <summary>Parses a .torrent file.</summary>
    /// <exception cref="ContentException">Not a torrent, or its piece layers do not match its roots.</exception>
    public static Metainfo Parse(ReadOnlyMemory<byte> file) => throw new NotImplementedException();

    /// <summary>The info dictionary.</summary>
    public TorrentInfo Info => throw new NotImplementedException();

    /// <summary>Piece hashes of a v2 or hybrid torrent; null for v1-only.</summary>
    public PieceLayers? Layers => throw new NotImplementedException();

    /// <summary>Trackers by tier (BEP 12); BEP 3's single tracker is one tier of one. At most 64 in all.</summary>
    public IReadOnlyList<IReadOnlyList<string>> TrackerTiers => throw new NotImplementedException();

    /// <summary>Web seeds (BEP 19 <c>url-list</c>), at most 64.</summary>
    public IReadOnlyList<string> WebSeeds => throw new NotImplementedException();
}
