namespace StatelessSwarm.Discovery.Messages;

/// <summary>The four parts of a message, in their order on the wire.</summary>
internal enum MessageSection
{
    /// <summary>Questions.</summary>
    Question,

    /// <summary>Answers.</summary>
    Answer,

    /// <summary>Authorities.</summary>
    Authority,

    /// <summary>Additionals.</summary>
    Additional,
}
