namespace StatelessSwarm.Engine.Peers;

/// <summary>Where we stand with a known peer.</summary>
internal enum KnownPeerState
{
    /// <summary>Not connected.</summary>
    Idle,

    /// <summary>An attempt is under way.</summary>
    Connecting,

    /// <summary>Connected, by this address or another.</summary>
    Connected,

    /// <summary>Never to be connected: it is us, or it lied.</summary>
    Banned,
}
