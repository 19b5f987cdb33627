namespace StatelessSwarm.Engine.Extensions;

/// <summary><c>msg_type</c> of BEP 9; frozen.</summary>
internal enum MetadataMessageKind
{
    /// <summary>Give me a piece.</summary>
    Request = 0,

    /// <summary>Here it is.</summary>
    Data = 1,

    /// <summary>I will not.</summary>
    Reject = 2,
}
