namespace StatelessSwarm.Node.Booting;

/// <summary>Where a machine keeps its releases.</summary>
public enum BootMode
{
    /// <summary>On the cache device when there is one, else in memory.</summary>
    Automatic,

    /// <summary>In memory: nothing survives a reboot.</summary>
    Memory,

    /// <summary>On the cache device, and nowhere else.</summary>
    Cache,
}
