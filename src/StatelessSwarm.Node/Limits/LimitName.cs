namespace StatelessSwarm.Node.Limits;

/// <summary>A limit a person can set. The numbers are on the control socket: frozen.</summary>
public enum LimitName
{
    /// <summary>This node, from beyond the WAN link.</summary>
    WanDown = 0,

    /// <summary>This node, to beyond the WAN link.</summary>
    WanUp = 1,

    /// <summary>This node, from neighbours.</summary>
    LanDown = 2,

    /// <summary>This node, to neighbours.</summary>
    LanUp = 3,

    /// <summary>All members of the site together, from beyond the WAN link.</summary>
    SiteWanDown = 4,

    /// <summary>All members of the site together, to beyond the WAN link.</summary>
    SiteWanUp = 5,

    /// <summary>This node, to anyone.</summary>
    Upload = 6,
}
