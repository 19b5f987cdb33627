namespace StatelessSwarm.Swarm.Storage;

/// <summary>What is wrong with a file of a torrent.</summary>
public enum FileFault
{
    /// <summary>It is not there.</summary>
    Missing,

    /// <summary>It may not be read.</summary>
    Unreadable,

    /// <summary>It is longer or shorter than the torrent says.</summary>
    WrongLength,

    /// <summary>Some of its pieces have the wrong hash.</summary>
    WrongData,
}
