namespace StatelessSwarm.Swarm.Storage;

/// <summary>What a piece's hashes say of its bytes on disk.</summary>
internal enum PieceVerdict : byte
{
    /// <summary>Not there, or other bytes.</summary>
    Wrong,

    /// <summary>Right by every hash there is.</summary>
    Right,

    /// <summary>Right by SHA-1 and wrong by SHA-256: the hybrid torrent contradicts itself.</summary>
    RightByV1Only,

    /// <summary>Right by SHA-256 and wrong by SHA-1: likewise.</summary>
    RightByV2Only,
}
