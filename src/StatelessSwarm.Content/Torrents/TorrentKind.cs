namespace StatelessSwarm.Content.Torrents;

/// <summary>Which versions of the protocol a torrent is for.</summary>
public enum TorrentKind
{
    /// <summary>Both: SHA-1 pieces and Merkle trees over the same, aligned files.</summary>
    Hybrid,

    /// <summary>BEP 3 only: SHA-1 over pieces that may span files.</summary>
    V1,

    /// <summary>BEP 52 only: a SHA-256 Merkle tree per file.</summary>
    V2,
}
