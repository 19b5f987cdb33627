namespace StatelessSwarm.Swarm.Connections;

/// <summary>What is to be taken from a <see cref="SendQueue"/>.</summary>
internal enum SendKind
{
    /// <summary>Messages, then blocks.</summary>
    All,

    /// <summary>Messages alone: they never wait for a budget.</summary>
    Messages,

    /// <summary>Blocks alone.</summary>
    Blocks,
}
