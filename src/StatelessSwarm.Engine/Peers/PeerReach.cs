namespace StatelessSwarm.Engine.Peers;

/// <summary>How far a peer is: decides budgets and who is asked first.</summary>
public enum PeerReach
{
    /// <summary>A neighbour: same local network.</summary>
    Lan,

    /// <summary>Beyond the site's WAN link.</summary>
    Wan,
}
