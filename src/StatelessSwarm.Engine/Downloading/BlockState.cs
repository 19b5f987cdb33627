namespace StatelessSwarm.Engine.Downloading;

/// <summary>Where a block of a started piece stands.</summary>
internal enum BlockState : byte
{
    /// <summary>Nobody is asked for it.</summary>
    Missing,

    /// <summary>One or two peers are asked for it.</summary>
    Requested,

    /// <summary>It was received; right or wrong shows when the piece is whole.</summary>
    Received,
}
