namespace StatelessSwarm.Trust.Tests;

/// <summary>A fresh directory, gone at the end of the test.</summary>
internal sealed class TempDirectory : IDisposable
{
    public TempDirectory() => Root = Directory.CreateTempSubdirectory("trust-test-").FullName;

    public string Root { get; }

    public string At(string relative) => Path.Combine(Root, relative);

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
