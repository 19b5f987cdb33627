namespace StatelessSwarm.Node.Configuration;

/// <summary>How many values a setting takes.</summary>
public enum NodeSettingKind
{
    /// <summary>One value.</summary>
    One,

    /// <summary>Any number of values, at most <see cref="NodeSettings.MaxValues"/>.</summary>
    Many,

    /// <summary>Set or not.</summary>
    Flag,
}
