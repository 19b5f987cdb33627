using StatelessSwarm.Platform.Errors;

namespace StatelessSwarm.Platform.Files;

/// <summary>Extended attributes of a file (xattr(7)).</summary>
public static class ExtendedAttributes
{
    // XATTR_LIST_MAX
    private const int MaxNames = 65536;

    /// <summary>How many a file has; a symbolic link's own. Of <c>trusted.</c> root alone sees any. 0 where the file system has none.</summary>
    /// <exception cref="PlatformException">The file is not there or cannot be looked at.</exception>
    public static int Count(string path)
    {
        Span<byte> names = stackalloc byte[256];
        var length = LibC.ListAttributes(path, names, (nuint)names.Length);
        if (length < 0)
        {
            var fault = PlatformException.Last("llistxattr", path);
            if (fault.Error == Errno.EOPNOTSUPP)
                return 0;
            if (fault.Error != Errno.ERANGE)
                throw fault;
            names = new byte[MaxNames];
            length = LibC.ListAttributes(path, names, MaxNames);
            if (length < 0)
                throw PlatformException.Last("llistxattr", path);
        }
        // Each name ends in a zero byte.
        return names[..(int)length].Count((byte)0);
    }
}
