namespace StatelessSwarm.Node.Booting;

/// <summary>How far the network came.</summary>
public enum BootNetworkState
{
    /// <summary>An interface has a carrier and an address.</summary>
    Ready,

    /// <summary>No interface has a carrier.</summary>
    NoLink,

    /// <summary>There is a carrier, and no address.</summary>
    NoAddress,
}
