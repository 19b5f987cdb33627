namespace StatelessSwarm.Engine.Peers;

/// <summary>Names one connection for its lifetime; chosen by the shell, never reused within a torrent.</summary>
public readonly record struct PeerHandle(int Value);
