namespace StatelessSwarm.Discovery.Messages;

/// <summary>Resource record types this room knows (RFC 1035 3.2.2, RFC 2782, RFC 3596, RFC 4034); others pass as opaque.</summary>
internal enum RecordType : ushort
{
    /// <summary>IPv4 address.</summary>
    A = 1,

    /// <summary>Name server; known only because its data holds a name.</summary>
    Ns = 2,

    /// <summary>Alias.</summary>
    Cname = 5,

    /// <summary>Pointer: service type to instance.</summary>
    Ptr = 12,

    /// <summary>Key and value strings.</summary>
    Txt = 16,

    /// <summary>IPv6 address.</summary>
    Aaaa = 28,

    /// <summary>Host and port of a service.</summary>
    Srv = 33,

    /// <summary>EDNS0 pseudo record, ignored.</summary>
    Opt = 41,

    /// <summary>Which types exist at a name (RFC 6762 6.1).</summary>
    Nsec = 47,

    /// <summary>Every type; in questions only.</summary>
    Any = 255,
}
