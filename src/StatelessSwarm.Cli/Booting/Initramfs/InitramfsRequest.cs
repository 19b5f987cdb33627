namespace StatelessSwarm.Cli.Booting.Initramfs;

/// <summary>What an initramfs is made of.</summary>
internal sealed record InitramfsRequest
{
    /// <summary>Kernel version, as <c>uname -r</c> says it.</summary>
    public required string Kernel { get; init; }

    /// <summary>File to write.</summary>
    public required string Output { get; init; }

    /// <summary>The agent's binary.</summary>
    public required string Agent { get; init; }

    /// <summary>Root metadata the machine will trust.</summary>
    public required string Trust { get; init; }

    /// <summary>Configuration file, or null.</summary>
    public string? Configuration { get; init; }

    /// <summary>Directory of the machine's identity in closed swarms, or null.</summary>
    public string? Identity { get; init; }

    /// <summary>File with a token to make an identity with, or null.</summary>
    public string? Token { get; init; }

    /// <summary>Directory of the kernels' modules.</summary>
    public string ModulesDirectory { get; init; } = "/lib/modules";

    /// <summary>Drivers of real machines too, not only of virtual ones.</summary>
    public bool HasMostModules { get; init; } = true;

    /// <summary>More modules, by name.</summary>
    public IReadOnlyList<string> Modules { get; init; } = [];

    /// <summary>Compressed with gzip.</summary>
    public bool IsCompressed { get; init; } = true;

    /// <summary>Time of every file in it, seconds since 1970.</summary>
    public uint TimeStamp { get; init; }
}
